"""The points centre at work: programmes, earnings, holds, ends."""
