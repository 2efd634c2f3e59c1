"""One contract for all platforms: the same stories, told on each by people of the whole bot."""
