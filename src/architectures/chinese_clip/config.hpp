// config.json of Chinese-CLIP as text, so that it can be tested and fuzzed without files.
#pragma once

#include <string>
#include <string_view>

#include "blip/chinese_clip.hpp"
#include "blip/config.hpp"

namespace blip {

inline constexpr const char* kChineseClipType = "chinese_clip";

/// `name` stands for the file in messages. Throws malformed or unsupported.
ChineseCLIPConfig parse_chinese_clip_config(std::string_view json, const std::string& name);

/// The text tower's sizes as those of BLIP's, which is a BERT as well.
BlipTextConfig bert_config_of(const ChineseCLIPTextConfig& config);

}  // namespace blip
