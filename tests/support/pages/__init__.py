"""The pages as AppTest shows them."""
