// Which of some texts fits an image best: match MODEL IMAGE TEXT…
//
// The image goes through the vision encoder once, whatever the number of texts.
#include <blip/blip.hpp>
#include <cstdio>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: match MODEL IMAGE TEXT...\n", stderr);
    return 2;
  }
  try {
    const auto processor = blip::BlipProcessor::from_pretrained(argv[1]);
    const auto model = blip::BlipForImageTextRetrieval::from_pretrained(argv[1]);
    blip::Context context;

    const auto inputs = processor(blip::Image::open(argv[2]));
    const auto images = model.encode_images(inputs.pixel_values, context);
    std::vector<std::vector<blip::TokenId>> texts;
    for (int i = 3; i < argc; ++i) texts.push_back(processor.tokenizer().encode(argv[i]));

    const auto matches = model.match(images, texts, blip::TextStyle::hf, context);
    for (std::size_t i = 0; i < matches.size(); ++i) {
      std::printf("%.3f  %s\n", static_cast<double>(matches[i].itm_probability), argv[3 + i]);
    }
    return 0;
  } catch (const blip::Error& error) {
    std::fprintf(stderr, "match: %s\n", error.what());
    return 2;
  }
}
