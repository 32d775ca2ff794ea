"""MLflow: runs with their datasets and files, and the model registry with its `champion` alias."""
