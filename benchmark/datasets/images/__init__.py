"""What datasets of pictures share: settings, crops and filters, the cache of decoded pictures, and how they are held."""
