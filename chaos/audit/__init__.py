"""The auditor: reads tables and files by itself and says what was lost, doubled or left behind."""
