"""BPMN 2.0 drawings: read from a stranger's bytes, checked, written plainly for what runs them."""
