"""What the doctor sees with: hosts, servers, a witness, the copies of tables, statements."""
