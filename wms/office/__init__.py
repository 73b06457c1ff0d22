"""The operator's office: the supervisor's board and what a supervisor or clerk decides."""
