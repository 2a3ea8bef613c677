// Captions photos one by one: caption MODEL_DIRECTORY PHOTO…
//
// The weights are loaded once; one Context (threads and scratch memory) serves photo after photo.
// A photo that cannot be read is reported, and the next one goes on.
#include <blip/blip.hpp>
#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: caption MODEL_DIRECTORY PHOTO…\n", stderr);
    return 2;
  }
  try {
    const auto processor = blip::BlipProcessor::from_pretrained(argv[1]);
    const auto model = blip::BlipForConditionalGeneration::from_pretrained(argv[1]);
    blip::Context context;

    int failures = 0;
    for (int i = 2; i < argc; ++i) {
      try {
        // Phones store portraits sideways with a note to turn them; this honours the note.
        const auto image = blip::Image::open(argv[i], {.apply_exif_orientation = true});
        const auto ids = model.generate(processor(image), {.num_beams = 3}, context);
        const auto caption = processor.decode(ids[0], {.skip_special_tokens = true});
        std::printf("%s: %s\n", argv[i], caption.c_str());
      } catch (const blip::Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        ++failures;
      }
    }
    return failures == 0 ? 0 : 1;
  } catch (const blip::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
