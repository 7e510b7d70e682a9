"""What install.sh is made of besides the shell."""
