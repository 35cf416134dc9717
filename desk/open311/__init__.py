"""The city as an Open311 GeoReport v2 service: other systems file requests here and ask what became of them."""
