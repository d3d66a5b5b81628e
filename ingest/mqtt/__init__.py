"""The service's one MQTT transport: an asyncio connection around the sans-io ``mqtt5`` codec."""
