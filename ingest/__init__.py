"""What appliances are and say, made durable: wire, journal, admission, registry, telemetry store."""
