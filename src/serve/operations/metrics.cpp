#include "serve/operations/metrics.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "blip/version.hpp"

namespace blip::serve {
namespace {

class MetricsText {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name,
                   type);
  }
  template <typename Value>
  void sample(std::string_view name, std::string_view labels, Value value) {
    const std::string_view open = labels.empty() ? "" : "{";
    const std::string_view close = labels.empty() ? "" : "}";
    fmt::format_to(std::back_inserter(text_), "{}{}{}{} {}\n", name, open, labels, close, value);
  }
  template <typename Value>
  void single(std::string_view name, std::string_view type, std::string_view help, Value value) {
    family(name, type, help);
    sample(name, "", value);
  }
  void histogram(std::string_view name, std::string_view labels, const Histogram& histogram) {
    const std::string prefix = labels.empty() ? "" : std::string(labels) + ",";
    const std::string bucket = std::string(name) + "_bucket";
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < histogram.bounds.size(); ++i) {
      count += histogram.counts[i];
      sample(bucket, fmt::format("{}le=\"{}\"", prefix, histogram.bounds[i]), count);
    }
    sample(bucket, prefix + "le=\"+Inf\"", histogram.count);
    sample(std::string(name) + "_sum", labels, histogram.sum);
    sample(std::string(name) + "_count", labels, histogram.count);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

struct ProcessNumbers {
  std::uint64_t resident_bytes = 0;
  double cpu_seconds = 0;
  double start_time = 0;
  std::size_t open_descriptors = 0;
};

ProcessNumbers read_process() {
  ProcessNumbers process;
  std::ifstream stat("/proc/self/stat");
  std::string line;
  std::getline(stat, line);
  // Fields are counted behind the program's name, which may hold anything.
  std::istringstream fields(line.substr(std::min(line.rfind(')') + 1, line.size())));
  std::string field;
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  for (int number = 3; fields >> field; ++number) {
    if (number == 14 || number == 15) process.cpu_seconds += std::atof(field.c_str()) / ticks;
    if (number == 22) process.start_time = std::atof(field.c_str()) / ticks;
    if (number == 24) {
      process.resident_bytes = std::strtoull(field.c_str(), nullptr, 10) *
                               static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
      break;
    }
  }
  timespec since_boot = {};
  timespec now = {};
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  clock_gettime(CLOCK_REALTIME, &now);
  process.start_time += static_cast<double>(now.tv_sec - since_boot.tv_sec);
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end;
       !error && entry != end; entry.increment(error)) {
    ++process.open_descriptors;
  }
  return process;
}

void write_engine(MetricsText& text, const EngineStatus& status, const EngineMetrics& engine) {
  text.single("blip_queue_size", "gauge", "Tasks that wait.", status.queued);
  text.single("blip_queue_limit", "gauge", "Tasks that may wait.", status.queue_limit);
  text.single("blip_inflight", "gauge", "Tasks that models work on.", status.in_flight);
  text.family("blip_stage_duration_seconds", "histogram", "Time in a stage.");
  text.histogram("blip_stage_duration_seconds", "stage=\"queue\"", engine.queue_seconds);
  text.histogram("blip_stage_duration_seconds", "stage=\"decode\"", engine.decode_seconds);
  text.histogram("blip_stage_duration_seconds", "stage=\"vision\"", engine.vision_seconds);
  text.histogram("blip_stage_duration_seconds", "stage=\"text\"", engine.text_seconds);
  text.family("blip_task_duration_seconds", "histogram", "Time of a task from start to end.");
  text.histogram("blip_task_duration_seconds", "", engine.task_seconds);
  text.family("blip_batch_size", "histogram", "What is computed together.");
  text.histogram("blip_batch_size", "stage=\"vision\"", engine.vision_batch);
  text.histogram("blip_batch_size", "stage=\"text\"", engine.text_batch);
  text.family("blip_tasks_total", "counter", "Tasks that were done.");
  for (std::size_t i = 0; i < kTaskKinds; ++i) {
    const auto kind = static_cast<TaskKind>(i);
    text.sample("blip_tasks_total", fmt::format("task=\"{}\"", name_of(kind)),
                engine.tasks(kind, std::nullopt));
  }
  text.family("blip_images_total", "counter", "Pictures by what came of them.");
  text.sample("blip_images_total", "result=\"encoded\"", engine.pictures_encoded);
  text.sample("blip_images_total", "result=\"cached\"", engine.pictures_cached);
  text.sample("blip_images_total", "result=\"failed\"", engine.pictures_failed);
  text.single("blip_tokens_total", "counter", "Tokens that were generated.", engine.tokens);
  text.family("blip_rejected_total", "counter", "Tasks that were not done, by the reason.");
  for (std::size_t i = 0; i < kFailureKinds; ++i) {
    const auto kind = static_cast<FailureKind>(i);
    text.sample("blip_rejected_total", fmt::format("reason=\"{}\"", name_of(kind)),
                engine.rejected(kind));
  }
  text.single("blip_cache_bytes", "gauge", "Encoded pictures that are kept.", engine.cache_bytes);
  text.single("blip_models_loaded_total", "counter", "Loads of models.", engine.models_loaded);
  text.single("blip_models_unloaded_total", "counter", "Models that were put away.",
              engine.models_unloaded);
  std::size_t loaded = 0;
  for (const ModelStatus& model : status.models) loaded += model.loaded ? 1 : 0;
  text.single("blip_models_loaded", "gauge", "Models in memory.", loaded);
}

void write_process(MetricsText& text) {
  const ProcessNumbers process = read_process();
  text.single("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
              process.resident_bytes);
  text.single("process_cpu_seconds_total", "counter", "User and system CPU time in seconds.",
              process.cpu_seconds);
  text.single("process_open_fds", "gauge", "Number of open file descriptors.",
              process.open_descriptors);
  text.single("process_start_time_seconds", "gauge", "Start time since the epoch in seconds.",
              process.start_time);
}

}  // namespace

void Metrics::count_request(std::string_view api, std::string_view task, int status,
                            double seconds) {
  const std::lock_guard lock(mutex_);
  ++requests_[{std::string(api), std::string(task), status}];
  durations_.try_emplace(std::string(api), Histogram::of_seconds()).first->second.observe(seconds);
}

std::string Metrics::text(const EngineStatus& status, const EngineMetrics& engine,
                          std::size_t connections) const {
  MetricsText text;
  text.family("blip_build_info", "gauge", "The version of blip.cpp.");
  text.sample("blip_build_info", fmt::format("version=\"{}\"", version()), 1);
  {
    const std::lock_guard lock(mutex_);
    text.family("blip_requests_total", "counter", "Requests that were answered.");
    for (const auto& [labels, count] : requests_) {
      const auto& [api, task, code] = labels;
      text.sample("blip_requests_total",
                  fmt::format("api=\"{}\",task=\"{}\",code=\"{}\"", api, task, code), count);
    }
    text.family("blip_request_duration_seconds", "histogram",
                "Time from a whole request to its whole answer.");
    for (const auto& [api, histogram] : durations_) {
      text.histogram("blip_request_duration_seconds", fmt::format("api=\"{}\"", api), histogram);
    }
  }
  text.single("blip_connections", "gauge", "Open connections.", connections);
  write_engine(text, status, engine);
  write_process(text);
  return text.take();
}

}  // namespace blip::serve
