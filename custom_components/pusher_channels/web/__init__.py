"""What web pages and Pusher servers request from Home Assistant."""
