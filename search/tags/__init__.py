"""Tags: words for products and pictures, found in the joint space, decided on by people."""
