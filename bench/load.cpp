// What loading a model costs, for each number type of its weights: seconds, and the most memory
// that the process had in use. Each is measured in a process of its own, whose peak nothing else
// raised.
//
//   bench_load [MODEL]     (none: a random-weight BLIP base, written to a temporary directory)
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>

#include "blip/blip.hpp"
#include "random_model.hpp"

namespace {

using Type = std::pair<const char*, blip::WeightType>;
constexpr std::array<Type, 5> kTypes = {{{"stored", blip::WeightType::stored},
                                         {"f32", blip::WeightType::f32},
                                         {"f16", blip::WeightType::f16},
                                         {"bf16", blip::WeightType::bf16},
                                         {"int8", blip::WeightType::i8}}};

int load(const std::filesystem::path& directory, const Type& type) {
  const auto start = std::chrono::steady_clock::now();
  try {
    const auto model = blip::BlipForConditionalGeneration::from_pretrained(
        directory, {.weight_type = type.second});
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    std::printf("%-8s %6.0f ms %6ld MB at the most\n", type.first, seconds * 1e3,
                usage.ru_maxrss / 1024);
  } catch (const blip::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  std::fflush(stdout);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::filesystem::path directory = argc > 1 ? argv[1] : "";
  if (argc < 2) {
    directory = std::filesystem::temp_directory_path() / "blip_bench_load";
    blip::bench::write_random_model(directory, blip::bench::base_config());
  }
  for (const Type& type : kTypes) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(load(directory, type));
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) < 0 || status != 0) return 1;
  }
  if (argc < 2) std::filesystem::remove_all(directory);
  return 0;
}
