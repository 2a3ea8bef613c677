// What every command does that goes through a list of images.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "cli/exit_code.hpp"
#include "cli/input/image_batch.hpp"
#include "cli/input/image_loader.hpp"
#include "cli/options/run_options.hpp"
#include "cli/output/record.hpp"

namespace blip::cli {

/// A loaded model and how it is used.
struct ImageTask {
  ImageLoader::Prepare prepare;
  /// What is found out about each of these images, none of which has failed to load.
  std::function<std::vector<std::vector<Finding>>(Images)> examine;
  /// What is found out about all of them together, when all have been examined. May be empty.
  std::function<std::vector<Record>()> conclude = {};
  int num_threads = 1;
};

/// Of a model that has `prepare` and `num_threads`, and outlives the task.
template <typename Model>
ImageTask task_of(Model& model, const decltype(ImageTask::examine)& examine,
                  const decltype(ImageTask::conclude)& conclude = {}) {
  return {.prepare = [&model](const auto& picture) { return model.prepare(picture); },
          .examine = examine,
          .conclude = conclude,
          .num_threads = model.num_threads()};
}

struct ImageRun {
  const InputOptions& inputs;
  const OutputOptions& output;
  int batch = 1;
  RecordShape shape = {};
  bool text_with_path = true;
  std::string text_heading = {};
  bool worth_progress = true;  ///< off where the images are no list
  /// For --resume: what each result about an image is about, in order ("" where nothing is asked),
  /// and how many of them make up a finding.
  std::vector<std::string> asked = {""};
  std::size_t results_per_finding = 1;
};

/// Reads, examines and reports the images in order. `load` is called when nothing but the model can
/// be wrong any more. Throws what ends the whole command.
ExitCode run_images(const ImageRun& run, const std::function<ImageTask()>& load);

}  // namespace blip::cli
