"""The commands of `stance`, one module each. They alone, of the library, may see every room."""
