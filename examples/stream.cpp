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

    // Decoding all tokens so far joins the pieces of a word. The last word may still grow, and
    // cleaning up joins the last two to what comes ("is n '" becomes "isn't"): they are kept back.
    std::vector<blip::TokenId> ids;
    std::string shown;
    const auto show_until = [&](const std::string& text, std::size_t end) {
      if (end == std::string::npos || end <= shown.size() || !text.starts_with(shown)) return;
      std::fputs(text.substr(shown.size(), end - shown.size()).c_str(), stdout);
      std::fflush(stdout);
      shown = text.substr(0, end);
    };
    const auto show = [&](const blip::GeneratedToken& token) {
      ids.push_back(token.token);
      const std::string text = processor.decode(ids, {.skip_special_tokens = true});
      const std::size_t last = text.rfind(' ');
      if (last != std::string::npos && last > 0) show_until(text, text.rfind(' ', last - 1));
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
    const auto sequences =
        model.generate_sequences(inputs, {}, context, {.on_token = show, .stop = stop.get_token()});
    const std::string text = processor.decode(sequences.front().ids, {.skip_special_tokens = true});
    show_until(text, text.size());
    // What was shown has changed after all: the whole once more.
    std::puts(shown == text ? "" : ("\n" + text).c_str());
    return 0;
  } catch (const blip::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return error.code() == blip::ErrorCode::cancelled ? 1 : 2;
  }
}
