// How fast the vectors of an index are searched: `tools/library_scale.py` runs it.
//
//   vector_search INDEX QUERIES [--threads N] [--probes N,N,…] [--build]
//
// QUERIES: float32 vectors of the index's length, one behind the other. Prints a JSON object: the
// milliseconds of one query, exactly and by the most promising lists, and how many of the ten
// nearest the lists find. --build writes the file of vectors first and prints how long that takes.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "search/library_index.hpp"
#include "search/vector_file_writer.hpp"
#include "search/vector_search.hpp"

namespace {

using blip::search::Near;

constexpr std::size_t kCount = 10;

// Of all threads together: on a busy machine, the clock on the wall says little.
double processor_milliseconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  constexpr double kThousand = 1000;
  return kThousand * static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e6;
}

double processor_total = 0;

double milliseconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  const double processor = processor_milliseconds();
  work();
  processor_total += processor_milliseconds() - processor;
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

// And how much the processors worked for one, since this was last asked.
nlohmann::ordered_json times_of(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  const double processor = std::exchange(processor_total, 0) / static_cast<double>(times.size());
  return {{"least_ms", times.front()},
          {"median_ms", times[times.size() / 2]},
          {"p95_ms", times[times.size() * 95 / 100]},
          {"mean_processor_ms", processor}};
}

double recall(const std::vector<Near>& found, const std::vector<Near>& exact) {
  std::size_t hits = 0;
  const std::size_t count = std::min(kCount, exact.size());
  for (std::size_t i = 0; i < count; ++i) {
    hits += std::any_of(found.begin(), found.end(),
                        [&](const Near& near) { return near.picture == exact[i].picture; });
  }
  return static_cast<double>(hits) / static_cast<double>(count);
}

double peak_mebibytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void run(int argc, char** argv) {
  int threads = 2;
  bool builds = false;
  std::vector<std::size_t> probes = {8, 16, 32, 64, 128};
  for (int i = 3; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--build") builds = true;
    if (i + 1 == argc) break;
    if (word == "--threads") threads = std::atoi(argv[++i]);
    if (word == "--probes") {
      probes.clear();
      std::stringstream list(argv[++i]);
      for (std::string item; std::getline(list, item, ',');) probes.push_back(std::stoul(item));
    }
  }
  nlohmann::ordered_json report;
  blip::ThreadPool pool(threads);
  const std::filesystem::path file = argv[1];
  const auto model = [&file](blip::search::Access access) {
    blip::search::LibraryIndex index(file, access);
    return index.models(blip::search::Finding::vectors).at(0);
  }(blip::search::Access::read);
  if (builds) {
    blip::search::LibraryIndex index(file, blip::search::Access::write);
    report["build_s"] =
        milliseconds([&] { blip::search::write_vector_file(index, model, pool); }) / 1000;
    report["build_processor_s"] = processor_total / 1000;
    report["build_peak_mib"] = peak_mebibytes();
    std::printf("%s\n", report.dump().c_str());
    return;
  }
  std::ifstream stream(argv[2], std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  std::vector<float> queries(bytes.size() / sizeof(float));
  std::memcpy(queries.data(), bytes.data(), queries.size() * sizeof(float));
  const auto dims = static_cast<std::size_t>(model.dims);

  blip::search::LibraryIndex index(file, blip::search::Access::read);
  std::optional<blip::search::VectorSearch> search;
  report["open_ms"] = milliseconds([&] { search.emplace(index, model); });
  report["rows"] = search->size();
  processor_total = 0;
  std::vector<double> times;
  std::vector<std::vector<Near>> exact;
  for (std::size_t at = 0; at + dims <= queries.size(); at += dims) {
    const std::span<const float> query = std::span(queries).subspan(at, dims);
    times.push_back(
        milliseconds([&] { exact.push_back(search->nearest(query, kCount, 0, {}, pool)); }));
  }
  report["exact"] = times_of(times);
  for (const std::size_t lists : probes) {
    if (!search->has_lists()) break;
    times.clear();
    double found = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
      const std::span<const float> query = std::span(queries).subspan(i * dims, dims);
      std::vector<Near> near;
      times.push_back(
          milliseconds([&] { near = search->nearest(query, kCount, lists, {}, pool); }));
      found += recall(near, exact[i]);
    }
    nlohmann::ordered_json row = times_of(times);
    row["recall_at_10"] = found / static_cast<double>(exact.size());
    report["lists_" + std::to_string(lists)] = row;
  }
  report["peak_mib"] = peak_mebibytes();
  std::printf("%s\n", report.dump().c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr,
                 "usage: vector_search INDEX QUERIES [--threads N] [--probes N,N] [--build]\n");
    return 2;
  }
  try {
    run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "vector_search: %s\n", error.what());
    return 1;
  }
  return 0;
}
