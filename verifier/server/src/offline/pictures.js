// The pixels of what a camera or a file shows.

const MOST_PIXELS = 12_000_000;
const MOST_FRAMES = 1024;
const canvas = document.createElement("canvas");

/** The pixels of what can be drawn, not more of them than `most`. */
export function pixels(source, width, height, most) {
  if (width === 0 || height === 0) return undefined;
  const scale = Math.min(1, Math.sqrt(most / (width * height)));
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(source, 0, 0, canvas.width, canvas.height);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

/** The pictures of a file: one, or those of an animation. */
export async function* picturesOf(file) {
  if ("ImageDecoder" in window && file.type === "image/gif") {
    const decoder = new ImageDecoder({ data: file.stream(), type: file.type });
    await decoder.completed;
    const count = Math.min(decoder.tracks.selectedTrack?.frameCount ?? 1, MOST_FRAMES);
    for (let frameIndex = 0; frameIndex < count; frameIndex++) {
      const { image } = await decoder.decode({ frameIndex });
      const picture = pixels(image, image.displayWidth, image.displayHeight, MOST_PIXELS);
      image.close();
      yield picture;
    }
    return;
  }
  const bitmap = await createImageBitmap(file);
  const picture = pixels(bitmap, bitmap.width, bitmap.height, MOST_PIXELS);
  bitmap.close();
  yield picture;
}
