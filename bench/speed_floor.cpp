// The speed floor: BLIP base at 384 px in float32 against what this machine itself can do, measured
// in the same run: its matrix-product rate, its memory bandwidth.
//
//   bench_speed_floor [--large] [--threads N] [--rounds N] [--directory DIR]
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "blip/blip.hpp"
#include "core/thread_pool.hpp"
#include "kernels/gemm.hpp"
#include "random_model.hpp"

namespace {

using Clock = std::chrono::steady_clock;

double seconds(const std::function<void()>& work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// A product of the same kind the vision tower makes, large enough to be at its best: [2304, 768] by
// [3072, 768], each thread with a share of the outputs.
class MatrixProduct {
 public:
  explicit MatrixProduct(blip::Context& context)
      : context_(context), a_(kM * kK, 0.5F), b_(kN * kK, 0.25F), out_(kM * kN) {}

  double flops_per_second() {
    const auto threads = static_cast<std::int64_t>(context_.num_threads());
    const double time = seconds([&] {
      context_.threads().parallel_for(static_cast<std::size_t>(threads), [&](std::size_t i, int) {
        const std::int64_t first = kN * static_cast<std::int64_t>(i) / threads;
        const std::int64_t last = kN * (static_cast<std::int64_t>(i) + 1) / threads;
        blip::multiply_transposed({a_.data(), kK}, {b_.data() + first * kK, kK},
                                  out_.data() + first, kN, kM, last - first, kK);
      });
    });
    return 2.0 * kM * kN * kK / time;
  }

 private:
  static constexpr std::int64_t kM = 2304;
  static constexpr std::int64_t kN = 3072;
  static constexpr std::int64_t kK = 768;
  blip::Context& context_;
  std::vector<float> a_;
  std::vector<float> b_;
  std::vector<float> out_;
};

// Sums an array several times the size of the last-level cache.
class MemoryRead {
 public:
  explicit MemoryRead(blip::Context& context) : context_(context), data_(kCount, 1) {}

  double bytes_per_second() {
    constexpr std::size_t kParts = 64;
    std::vector<std::uint64_t> sums(kParts);
    const double time = seconds([&] {
      context_.threads().parallel_for(kParts, [&](std::size_t part, int) {
        std::uint64_t sum = 0;
        const std::uint64_t* first = data_.data() + part * (kCount / kParts);
        for (std::size_t i = 0; i < kCount / kParts; ++i) sum += first[i];
        sums[part] = sum;
      });
    });
    for (const std::uint64_t sum : sums) {
      if (sum != kCount / kParts) std::abort();  // also keeps the sums from being optimised away
    }
    return static_cast<double>(kCount * sizeof(std::uint64_t)) / time;
  }

 private:
  static constexpr std::size_t kCount = std::size_t{64} << 20;  // 512 MiB
  blip::Context& context_;
  std::vector<std::uint64_t> data_;
};

struct Work {
  double vision_flops;
  double decode_bytes;
};

// Multiply-adds of the vision tower and bytes of weights one decode step reads (float32).
Work work_of(const blip::BlipConfig& config) {
  const blip::BlipVisionConfig& vision = config.vision_config;
  const blip::BlipTextConfig& text = config.text_config;
  const double e = vision.hidden_size;
  const double grid = vision.image_size / vision.patch_size;
  const double n = grid * grid + 1;
  const double per_layer =
      n * (4 * e * e + 2 * e * vision.intermediate_size) + 2 * n * n * e;  // linear + attention
  const double patch = (n - 1) * 3 * vision.patch_size * vision.patch_size * e;
  const double h = text.hidden_size;
  const double decoder = text.num_hidden_layers * (6 * h * h + 2 * h * text.intermediate_size) +
                         h * h + h * text.vocab_size;
  return {2 * (vision.num_hidden_layers * per_layer + patch), 4 * decoder};
}

blip::BlipInputs random_inputs(const blip::BlipConfig& config) {
  const auto size = static_cast<std::int64_t>(config.vision_config.image_size);
  blip::BlipInputs inputs{{{1, 3, size, size}, {}}, {}};
  inputs.pixel_values.data.resize(static_cast<std::size_t>(3 * size * size));
  for (std::size_t i = 0; i < inputs.pixel_values.data.size(); ++i) {
    inputs.pixel_values.data[i] = static_cast<float>(i * 2654435761U % 1000) / 250.0F - 2.0F;
  }
  return inputs;
}

// Loads the model and captions one image in a process of its own; returns its peak memory.
long peak_memory_bytes(const std::filesystem::path& directory, int threads) {
  const pid_t child = fork();
  if (child == 0) {
    const auto model = blip::BlipForConditionalGeneration::from_pretrained(directory);
    blip::Context context({.num_threads = threads});
    const auto ids = model.generate(random_inputs(model.config()), {.max_new_tokens = 20}, context);
    _exit(ids.empty() ? 1 : 0);
  }
  int status = 0;
  rusage usage{};
  if (child < 0 || wait4(child, &status, 0, &usage) < 0 || status != 0) {
    throw std::runtime_error("the memory measurement failed");
  }
  return usage.ru_maxrss * 1024;
}

void row(const char* name, const std::string& value, const std::string& against,
         const std::string& ratio, const char* target, bool held) {
  std::printf("%-26s %14s %18s %9s   %-9s %s\n", name, value.c_str(), against.c_str(),
              ratio.c_str(), target, held ? "ok" : "NOT REACHED");
}

std::string number(double value, const char* unit) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.3g %s", value, unit);
  return text;
}

void run(const blip::BlipConfig& config, const std::filesystem::path& directory, int threads,
         int rounds) {
  std::printf("writing random weights to %s\n", directory.c_str());
  const auto weight_bytes = static_cast<double>(blip::bench::write_random_model(directory, config));
  const double memory = static_cast<double>(peak_memory_bytes(directory, threads));

  std::vector<double> load_times;
  for (int round = 0; round < rounds; ++round) {
    load_times.push_back(seconds([&] {
      const auto loaded = blip::BlipForConditionalGeneration::from_pretrained(directory);
      if (loaded.config().text_config.vocab_size == 0) std::abort();
    }));
  }

  const auto model = blip::BlipForConditionalGeneration::from_pretrained(directory);
  blip::Context context({.num_threads = threads});
  const blip::BlipInputs inputs = random_inputs(config);
  MatrixProduct product(context);
  MemoryRead memory_read(context);

  // A decode step is the difference between a long and a short caption, per token.
  constexpr int kShort = 2;
  constexpr int kLong = 22;
  const auto caption = [&](int tokens) {
    return seconds([&] {
      [[maybe_unused]] const auto ids =
          model.generate(inputs, {.max_new_tokens = tokens, .min_new_tokens = tokens}, context);
    });
  };
  std::vector<double> gemm;
  std::vector<double> vision;
  std::vector<double> bandwidth;
  std::vector<double> step;
  const auto encode = [&] {
    return seconds([&] {
      [[maybe_unused]] const auto features = model.image_features(inputs.pixel_values, context);
    });
  };
  encode();  // first touch of the weights
  caption(kShort);
  for (int round = 0; round < rounds; ++round) {
    gemm.push_back(product.flops_per_second());
    vision.push_back(encode());
    bandwidth.push_back(memory_read.bytes_per_second());
    step.push_back((caption(kLong) - caption(kShort)) / (kLong - kShort));
  }

  const Work work = work_of(config);
  const double vision_rate = work.vision_flops / median(vision);
  const double vision_ratio = vision_rate / median(gemm);
  const double read_rate = work.decode_bytes / median(step);
  const double read_ratio = read_rate / median(bandwidth);
  const double load = median(load_times);
  const double memory_ratio = memory / weight_bytes;
  std::printf("%d threads, medians of %d interleaved rounds\n\n", context.num_threads(), rounds);
  std::printf("%-26s %14s %18s %9s   %s\n", "what", "measured", "the machine", "ratio", "target");
  row("vision encoder", number(vision_rate / 1e9, "GFLOP/s"),
      number(median(gemm) / 1e9, "GFLOP/s GEMM"), number(100 * vision_ratio, "%"), ">= 75 %",
      vision_ratio >= 0.75);
  row("greedy decode step", number(read_rate / 1e9, "GB/s"),
      number(median(bandwidth) / 1e9, "GB/s read"), number(100 * read_ratio, "%"), ">= 60 %",
      read_ratio >= 0.60);
  row("load from page cache", number(load * 1e3, "ms"), "", "", "<= 500 ms", load <= 0.5);
  row("peak memory, one caption", number(memory / 1e6, "MB"),
      number(weight_bytes / 1e6, "MB weights"), number(memory_ratio, "x"), "<= 1.25 x",
      memory_ratio <= 1.25);
  std::printf("\nvision %.0f ms, decode step %.2f ms\n", median(vision) * 1e3, median(step) * 1e3);
}

}  // namespace

int main(int argc, char** argv) {
  blip::BlipConfig config = blip::bench::base_config();
  std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("blip-bench-" + std::to_string(getpid()));
  int threads = 0;
  int rounds = 7;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--large") {
      config = blip::bench::large_config();
    } else if (argument == "--threads" && i + 1 < argc) {
      threads = std::atoi(argv[++i]);
    } else if (argument == "--rounds" && i + 1 < argc) {
      rounds = std::max(std::atoi(argv[++i]), 1);
    } else if (argument == "--directory" && i + 1 < argc) {
      directory = std::filesystem::path(argv[++i]) / "blip-bench-model";
    } else {
      std::fputs("usage: bench_speed_floor [--large] [--threads N] [--rounds N] [--directory D]\n",
                 stderr);
      return 2;
    }
  }
  int result = 0;
  try {
    run(config, directory, threads, rounds);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_speed_floor: %s\n", error.what());
    result = 1;
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  return result;
}
