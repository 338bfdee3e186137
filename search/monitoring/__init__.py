"""What the admin's dashboard and its page of builds show."""
