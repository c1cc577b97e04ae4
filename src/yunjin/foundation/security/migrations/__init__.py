"""The forms that the tables of the security room have had."""
