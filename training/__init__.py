"""Labelled statements -> a better bundle. The only room, beside the GPU network, with torch."""
