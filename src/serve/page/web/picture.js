// Picture: what was dropped, pasted, chosen or photographed, as it is sent.

const SHRUNK_SIDE = 1600; // pixels: four times what models read

export class Picture {
  constructor(blob, { name = blob.name || 'image', alt = '', credit = null } = {}) {
    this.blob = blob;
    this.name = name;
    this.alt = alt;
    this.credit = credit; // {text, url, licence_url} of an example
    this.url = URL.createObjectURL(blob);
    this.shrunk = false;
  }

  // Smaller for a server that refused it. False if it was or the browser cannot read it.
  async shrink() {
    if (this.shrunk) return false;
    this.shrunk = true;
    try {
      const bitmap = await createImageBitmap(this.blob);
      const scale = Math.min(1, SHRUNK_SIDE / Math.max(bitmap.width, bitmap.height));
      const canvas = document.createElement('canvas');
      canvas.width = Math.max(1, Math.round(bitmap.width * scale));
      canvas.height = Math.max(1, Math.round(bitmap.height * scale));
      canvas.getContext('2d').drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      bitmap.close();
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.92));
      if (!blob || blob.size >= this.blob.size) return false;
      this.blob = blob;
      return true;
    } catch (error) {
      return false;
    }
  }

  release() {
    URL.revokeObjectURL(this.url);
  }
}

// The first picture among files: by type, or by name where the system knows no type.
export function pictureAmong(files) {
  const known = /\.(jpe?g|png|gif|webp|bmp|tiff?|heic|heif|avif|jxl|jp2)$/i;
  return [...files].find((file) => file.type.startsWith('image/') || known.test(file.name)) ?? null;
}
