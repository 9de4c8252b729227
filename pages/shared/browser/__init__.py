"""What concerns the visitor's browser: its address, its cookies, its scripts, camera and microphone."""
