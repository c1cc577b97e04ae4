"""Pure rules of the capability centre, one package or module a business word."""
