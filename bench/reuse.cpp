// What encoding an image once is worth: one image matched with 100 texts (BLIP base, 384 px,
// float32), against a forward pass of its own for every text, as transformers runs it.
//
//   bench_reuse [--threads N] [--rounds N] [--directory DIR]
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "blip/blip.hpp"
#include "random_model.hpp"

namespace {

using Texts = std::vector<std::vector<blip::TokenId>>;

constexpr std::size_t kTexts = 100;
// Captions of COCO have 8 to 16 tokens, [CLS] and [SEP] included, 12 or 13 on average.
constexpr std::size_t kShortest = 8;
constexpr std::size_t kLongest = 16;
// Separate passes take so long that only these of the hundred are run, and their time scaled.
constexpr std::size_t kSeparate = 4;
constexpr double kTarget = 20.0;

double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// A spread of numbers without a pattern that matters.
std::size_t scattered(std::size_t i) {
  return i * 2654435761U % 4294967291U;
}

blip::Tensor random_pixels(std::int64_t size) {
  blip::Tensor pixels{{1, 3, size, size}, {}};
  pixels.data.resize(static_cast<std::size_t>(3 * size * size));
  for (std::size_t i = 0; i < pixels.data.size(); ++i) {
    pixels.data[i] = static_cast<float>(scattered(i) % 1000) / 250.0F - 2.0F;
  }
  return pixels;
}

Texts random_texts() {
  Texts texts(kTexts);
  for (std::size_t t = 0; t < kTexts; ++t) {
    texts[t] = {101};  // [CLS]
    const std::size_t length = kShortest + t % (kLongest - kShortest + 1);
    while (texts[t].size() + 1 < length) {
      const std::size_t word = scattered(100 * t + texts[t].size()) % 20'000;
      texts[t].push_back(static_cast<blip::TokenId>(1000 + word));
    }
    texts[t].push_back(102);  // [SEP]
  }
  return texts;
}

void run(const std::filesystem::path& directory, int threads, int rounds) {
  std::printf("writing random weights to %s\n", directory.c_str());
  const blip::BlipConfig config = blip::bench::retrieval_base_config();
  blip::bench::write_random_model(directory, config);
  const auto model = blip::BlipForImageTextRetrieval::from_pretrained(directory);
  blip::Context context({.num_threads = threads});
  const blip::Tensor pixels = random_pixels(config.vision_config.image_size);
  const Texts texts = random_texts();

  const auto forward = [&](std::span<const std::vector<blip::TokenId>> some) {
    return model.itm_logits(model.encode_images(pixels, context), some, blip::TextStyle::hf,
                            context);
  };
  [[maybe_unused]] const blip::Tensor first_touch = forward(std::span(texts).first(1));
  std::vector<double> together;
  std::vector<double> separate;
  double difference = 0.0;
  for (int round = 0; round < rounds; ++round) {
    blip::Tensor all;
    together.push_back(seconds([&] { all = forward(texts); }));
    std::vector<float> alone;
    const double time = seconds([&] {
      for (std::size_t t = 0; t < kSeparate; ++t) {
        const blip::Tensor logits = forward(std::span(texts).subspan(t, 1));
        alone.insert(alone.end(), logits.data.begin(), logits.data.end());
      }
    });
    separate.push_back(time * kTexts / kSeparate);
    for (std::size_t i = 0; i < alone.size(); ++i) {
      difference = std::max(difference, std::fabs(double{alone[i]} - double{all.data[i]}));
    }
  }
  // Two ways to the same numbers, or the comparison is worth nothing.
  if (!(difference < 1e-4)) throw std::runtime_error("the two ways give different logits");

  const double ratio = median(separate) / median(together);
  std::printf(
      "%d threads, medians of %d interleaved rounds; image-text matching, base at %d px\n\n",
      context.num_threads(), rounds, config.vision_config.image_size);
  std::printf("one image and %zu texts, encoded once   %8.2f s\n", kTexts, median(together));
  std::printf("%zu separate forward passes             %8.2f s   (%zu measured, scaled)\n", kTexts,
              median(separate), kSeparate);
  std::printf("ratio                                   %8.1f x   >= %.0f x   %s\n", ratio, kTarget,
              ratio >= kTarget ? "ok" : "NOT REACHED");
}

}  // namespace

int main(int argc, char** argv) {
  std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("blip-bench-reuse-" + std::to_string(getpid()));
  int threads = 0;
  int rounds = 5;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--threads" && i + 1 < argc) {
      threads = std::atoi(argv[++i]);
    } else if (argument == "--rounds" && i + 1 < argc) {
      rounds = std::max(std::atoi(argv[++i]), 1);
    } else if (argument == "--directory" && i + 1 < argc) {
      directory = std::filesystem::path(argv[++i]) / "blip-bench-reuse";
    } else {
      std::fputs("usage: bench_reuse [--threads N] [--rounds N] [--directory DIR]\n", stderr);
      return 2;
    }
  }
  int result = 0;
  try {
    run(directory, threads, rounds);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_reuse: %s\n", error.what());
    result = 1;
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  return result;
}
