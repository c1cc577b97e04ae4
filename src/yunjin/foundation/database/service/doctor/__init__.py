"""The doctor at work: rounds, treatment, the record, and what people are told and asked."""
