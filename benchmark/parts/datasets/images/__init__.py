"""What datasets of pictures share: settings, crops, filters, the cache of decoded pictures, how they are held."""
