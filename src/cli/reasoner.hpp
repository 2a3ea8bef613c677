// Reasoner: a loaded model that judges statements about two images.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "blip/nlvr.hpp"
#include "cli/input/image_batch.hpp"
#include "cli/input/picture_reader.hpp"
#include "cli/options/run_options.hpp"

namespace blip::cli {

struct ReasonOptions {
  InputOptions inputs;  ///< the left and the right image
  std::vector<std::string> statements;
  ModelOptions model{""};  ///< no model of this kind has a name of its own on the hub
  OutputOptions output;
};

class Reasoner {
 public:
  /// Loads the model. Throws blip::Error.
  explicit Reasoner(const ReasonOptions& options);

  /// Decodes and resizes one picture. Safe to call from many threads at once. Throws blip::Error.
  [[nodiscard]] BlipInputs prepare(const std::filesystem::path& picture) const {
    return reader_(picture);
  }

  /// Takes the left image, then the right one. Throws blip::Error.
  void see(Images images);

  /// The probability that each statement is true; nothing unless two images were seen. Throws
  /// blip::Error.
  std::vector<float> judge(const std::vector<std::string>& statements);

  [[nodiscard]] int num_threads() const noexcept { return context_.num_threads(); }

 private:
  Reasoner(const ReasonOptions& options, const std::filesystem::path& model);

  PictureReader reader_;
  BlipForNLVR model_;
  Context context_;
  std::vector<EncodedImage> seen_;
};

}  // namespace blip::cli
