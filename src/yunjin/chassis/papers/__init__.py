"""Papers: what is put on A4 pages as PDF, for people; one layout for every room."""
