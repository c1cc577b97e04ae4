"""Clearing: a saga of holds, deliveries and endings, by the batch; ADR 0022 says why."""
