"""Hosts and database servers, as programs and connections."""
