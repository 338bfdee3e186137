"""What pages say and do while a server of the shop is away."""
