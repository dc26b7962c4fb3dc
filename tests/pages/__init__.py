"""The pages, samples and pictures that a command makes: `make docs`."""
