"""The pricing centre at work: books, quotes and their free uses, charges."""
