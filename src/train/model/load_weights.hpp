// Starting a training from the weights that people have.
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <string>
#include <vector>

#include "blip/config.hpp"
#include "train/model/parameters.hpp"

namespace blip::train {

/// What became of the tensors of a checkpoint. Names only, sorted as the model has them.
struct LoadReport {
  std::vector<std::string> initialised;  ///< not in the checkpoint: new
  std::vector<std::string> borrowed;     ///< taken from another tower or from the tensor followed
  std::vector<std::string> unfitting;    ///< there in another shape, dropped, so new
  std::vector<std::string> regridded;    ///< position embeddings of another image size
  /// Tied here, but the checkpoint has other values under the other name ("X, not Y"): as of an
  /// older transformers, which trained a captioner's output matrix apart.
  std::vector<std::string> untied;
  std::vector<std::string> unused;  ///< in the checkpoint, not in the model
};

/// The configuration of `model` (a directory, a checkpoint file, a bundled name) for images of
/// `image_size` pixels; 0: what it was trained at.
BlipConfig config_for_training(const std::filesystem::path& model, int image_size);

/// Fills `parameters` from a Hugging Face directory, a checkpoint of Salesforce's or a bundled
/// model. Position embeddings are re-gridded (bicubic, as the original). Where the checkpoint lacks
/// a tower, the other text tower serves; NLVR2's twin cross-attention starts twice from the single
/// one; momentum copies start from their own tensors, or from those they follow. New are, where
/// missing: heads, temperature, queues, NLVR2's merge layers; and where they have another shape:
/// queues, and the keys and values of the VQA decoder's cross-attention. `generator` draws what is
/// new. Throws missing_tensor or shape_mismatch for anything else, naming the tensor.
LoadReport load_weights(Parameters& parameters, const std::filesystem::path& model,
                        const torch::Generator& generator);

}  // namespace blip::train
