"""Making the bundled weights: the sentences, their speech, the recipe."""
