"""What a picture goes through before an image encoder sees it, in training and in serving alike."""
