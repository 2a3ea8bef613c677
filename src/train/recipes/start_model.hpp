// Where a training starts: an architecture, a tokenizer and first values.
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <functional>
#include <string>

#include "blip/config.hpp"
#include "blip/tokenizer.hpp"
#include "train/model/parameters.hpp"
#include "train/run/process_group.hpp"
#include "train/run/training_config.hpp"

namespace blip::train {

struct StartModel {
  BlipConfig config;
  BertTokenizer tokenizer;
  std::filesystem::path tokenizer_source;  ///< what save_model copies the tokenizer from
  BlipImageProcessorConfig images{};       ///< by which pictures are normalised
};

/// That of model.start at model.image_size; without model.start a new one as `architecture` has it,
/// whose tokenizer rank 0 copies to RUN/tokenizer, hybrid with model.backbone. Pictures are
/// normalised as those files say. Throws invalid_argument for sizes that do not go together (heads,
/// patches, texts longer than there are positions), and what reading the files throws.
StartModel open_start_model(const TrainingConfig& config, const ProcessGroup& group);

/// Fills `parameters` from model.start; without it anew (run.seed), then from model.bert, by the
/// pieces of its vocabulary, model.vit and model.backbone where they are given. `log` gets a
/// sentence about what of it is new.
void fill_parameters(Parameters& parameters, const TrainingConfig& config,
                     const std::function<void(const std::string&)>& log);

}  // namespace blip::train
