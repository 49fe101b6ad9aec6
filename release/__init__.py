"""What is made of this project to be handed out: `make dist`."""
