"""What operators see with: alert rules for Prometheus, and a dashboard for Grafana."""
