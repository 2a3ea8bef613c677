// Prints a caption word by word, as it is generated: stream MODEL_DIRECTORY PHOTO [SECONDS]
//
// A caption that takes longer than SECONDS is given up.
#include <blip/blip.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: stream MODEL_DIRECTORY PHOTO [SECONDS]\n", stderr);
    return 2;
  }
  try {
    const auto processor = blip::BlipProcessor::from_pretrained(argv[1]);
    const auto model = blip::BlipForConditionalGeneration::from_pretrained(argv[1]);
    const auto inputs = processor(blip::Image::open(argv[2], {.apply_exif_orientation = true}));
    blip::Context context;

    // Decoding all tokens so far joins the pieces of a word.
    std::vector<blip::TokenId> ids;
    std::string shown;
    const auto show = [&](const blip::GeneratedToken& token) {
      ids.push_back(token.token);
      const std::string text = processor.decode(ids, {.skip_special_tokens = true});
      std::fputs(text.substr(shown.size()).c_str(), stdout);
      std::fflush(stdout);
      shown = text;
    };
    std::stop_source stop;
    const std::jthread timer([&](const std::stop_token& done) {
      const auto end = std::chrono::steady_clock::now() +
                       std::chrono::seconds(argc > 3 ? std::atoi(argv[3]) : 60);
      while (!done.stop_requested() && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
      stop.request_stop();
    });
    (void)model.generate_sequences(inputs, {}, context,
                                   {.on_token = show, .stop = stop.get_token()});
    std::puts("");
    return 0;
  } catch (const blip::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return error.code() == blip::ErrorCode::cancelled ? 1 : 2;
  }
}
