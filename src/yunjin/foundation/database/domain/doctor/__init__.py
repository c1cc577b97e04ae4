"""Diagnosis of a set: pure rules from what was observed to what is wrong and what to do."""
