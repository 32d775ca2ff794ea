"""The images that pods run: named by what goes in, built only where a registry lacks them."""
