"""What happens to a request: lifecycle, clocks, filing, notices, verdicts, reports."""
