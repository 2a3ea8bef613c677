// What a Context holds when images of many sizes come: 26 rising sizes one after the other, the
// largest alone, and a mix as a server sees it. Widths of BLIP base with one layer, which needs the
// same memory as twelve and a twelfth of the time.
//
//   bench_memory [IMAGES]     (of the mix; 200 unless told)
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>

#include "blip/blip.hpp"
#include "random_model.hpp"

namespace {

constexpr int kSizes = 26;
constexpr std::int64_t kSmallest = 224;
constexpr std::int64_t kPatch = 16;

std::int64_t size_of(int i) {
  return kSmallest + i * kPatch;
}

// A line of /proc/self/status, in megabytes.
double status_megabytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) return std::atof(line.c_str() + key.size() + 1) / 1024.0;
  }
  return 0.0;
}

// From here on VmHWM tells the most memory in use since now.
void forget_peak() {
  std::ofstream("/proc/self/clear_refs") << 5;
}

void encode(const blip::BlipForConditionalGeneration& model, std::int64_t size,
            blip::Context& context) {
  blip::Tensor pixels{{1, 3, size, size}, {}};
  pixels.data.assign(static_cast<std::size_t>(3 * size * size), 0.5F);
  [[maybe_unused]] const auto images = model.encode_images(pixels, context);
}

void run(const std::filesystem::path& directory, int images) {
  blip::BlipConfig config = blip::bench::base_config();
  config.vision_config.num_hidden_layers = 1;
  config.text_config.num_hidden_layers = 1;
  blip::bench::write_random_model(directory, config);
  const auto model = blip::BlipForConditionalGeneration::from_pretrained(directory);
  {
    blip::Context first_touch;
    encode(model, size_of(0), first_touch);
  }
  const auto report = [](const char* what, double before) {
    std::printf("%-34s %7.0f MB at the most %7.0f MB kept\n", what,
                status_megabytes("VmHWM:") - before, status_megabytes("VmRSS:") - before);
  };
  {
    blip::Context context;
    forget_peak();
    const double before = status_megabytes("VmRSS:");
    encode(model, size_of(kSizes - 1), context);
    report("the largest of 26 sizes alone", before);
  }
  {
    blip::Context context;
    forget_peak();
    const double before = status_megabytes("VmRSS:");
    for (int i = 0; i < kSizes; ++i) encode(model, size_of(i), context);
    report("26 rising sizes", before);
  }
  blip::Context context;
  forget_peak();
  const double before = status_megabytes("VmRSS:");
  for (int i = 1; i <= images; ++i) {
    // A permutation of the sizes, so that each comes as often as another.
    encode(model, size_of(static_cast<int>(i * 7919LL % kSizes)), context);
    if (i % std::max(images / 5, 1) != 0) continue;
    report(("mixed sizes, " + std::to_string(i) + " images").c_str(), before);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("blip-bench-memory-" + std::to_string(::getpid()));
  int result = 0;
  try {
    run(directory, argc > 1 ? std::max(std::atoi(argv[1]), 1) : 200);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_memory: %s\n", error.what());
    result = 1;
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  return result;
}
