#include "native/topic/log_window.h"

#include <algorithm>
#include <iterator>

namespace topic {

void LogWindow::prepend(std::vector<SegmentRef> chain) {
  CHECK(!chain.empty() && chain.front()->base() < low().position);
  CHECK(chain.back()->end() >= low().position && chain.back()->end() <= head_.position);
  for (std::size_t i = 1; i < chain.size(); ++i) CHECK(chain[i]->base() == chain[i - 1]->end());
  replayed_ += chain.size();
  segments_.insert(segments_.begin(), std::make_move_iterator(chain.begin()), std::make_move_iterator(chain.end()));
}

SegmentRef LogWindow::hold(std::uint64_t cursor) const { return ref_at(cursor); }

const SegmentRef& LogWindow::ref_at(std::uint64_t position) const {
  CHECK(!segments_.empty() && position >= segments_.front()->base() && position < head_.position);
  // From the newest: nearly every cursor is near the head.
  for (std::size_t i = segments_.size(); i-- > 0;) {
    if (segments_[i]->base() <= position) return segments_[i];
  }
  CHECK(false);
}

const Segment& LogWindow::segment_of(std::uint64_t offset) const {
  CHECK(!segments_.empty() && offset >= segments_.front()->first_offset() && offset < head_.offset);
  for (std::size_t i = segments_.size(); i-- > 0;) {
    if (segments_[i]->first_offset() <= offset) return *segments_[i].get();
  }
  CHECK(false);
}

std::size_t LogWindow::frames_in(const Segment& segment) const {
  // The newest segment may hold frames beyond the head that this shard took; they are not ours to look at yet.
  const bool grows = &segment == segments_.back().get() && segments_.size() > replayed_;
  if (grows) return static_cast<std::size_t>(head_.offset - segment.first_offset());
  return segment.frames();
}

std::size_t LogWindow::index_of(const Segment& segment, std::uint64_t offset) const {
  return std::min(static_cast<std::size_t>(offset - segment.first_offset()), frames_in(segment));
}

std::size_t LogWindow::frames_before(const Segment& segment, std::uint64_t position) const {
  const std::uint64_t relative = position - segment.base();
  std::size_t low = 0;
  std::size_t high = frames_in(segment);
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (segment.mark(middle).end <= relative) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

Range LogWindow::range(std::uint64_t cursor, std::uint32_t length_max) const {
  const Segment& segment = segment_at(cursor);
  const bool newest = &segment == segments_.back().get();
  const std::uint64_t end = newest ? head_.position : segment.end();
  const std::uint64_t length = std::min<std::uint64_t>(end - cursor, length_max);
  CHECK(length > 0);
  return {segment.at(cursor), static_cast<std::uint32_t>(length), segment.file(), cursor - segment.base()};
}

std::uint64_t LogWindow::frame_end(std::uint64_t cursor) const {
  if (cursor == head_.position) return cursor;
  const Segment& segment = segment_at(cursor);
  if (cursor == segment.base()) return cursor;
  const std::size_t before = frames_before(segment, cursor);
  if (before > 0 && segment.base() + segment.mark(before - 1).end == cursor) return cursor;
  return segment.base() + segment.mark(before).end;
}

std::uint64_t LogWindow::next_frame(std::uint64_t cursor) const {
  const Segment& segment = segment_at(cursor);
  return segment.base() + segment.mark(frames_before(segment, cursor)).end;
}

std::uint64_t LogWindow::offset_at(std::uint64_t cursor) const {
  if (cursor == head_.position) return head_.offset;
  const Segment& segment = segment_at(cursor);
  return segment.first_offset() + frames_before(segment, cursor);
}

std::uint64_t LogWindow::position_of(std::uint64_t offset) const {
  if (offset == head_.offset) return head_.position;
  const Segment& segment = segment_of(offset);
  const std::size_t index = index_of(segment, offset);
  return segment.base() + (index == 0 ? 0 : segment.mark(index - 1).end);
}

std::uint64_t LogWindow::cursor_of(std::uint64_t offset) const {
  if (segments_.empty() || offset >= head_.offset) return head_.position;
  return offset < segments_.front()->first_offset() ? segments_.front()->base() : position_of(offset);
}

std::uint32_t LogWindow::time_ms_of(std::uint64_t offset) const {
  const Segment& segment = segment_of(offset);
  return segment.mark(std::min(index_of(segment, offset), frames_in(segment) - 1)).time_ms;
}

std::uint64_t LogWindow::frames_between(std::uint64_t begin_offset, std::uint64_t end_offset) const {
  CHECK(begin_offset <= end_offset);
  std::uint64_t frames = 0;
  std::uint64_t behind = UINT64_MAX;  // a replay may reach into segments behind it, more than one: what they hold is theirs
  for (std::size_t i = segments_.size(); i-- > 0;) {
    const Segment& segment = *segments_[i].get();
    const std::uint64_t first = segment.first_offset();
    const std::uint64_t begin = std::max(begin_offset, first);
    const std::uint64_t end = std::min({end_offset, first + frames_in(segment), behind});
    if (begin < end) frames += frames_of(segment, begin - first, end - first);
    behind = std::min(behind, first);
  }
  return frames;
}

std::uint64_t LogWindow::frames_ending(std::uint64_t begin, std::uint64_t end) const {
  if (begin == end) return 0;
  const Segment& segment = segment_at(begin);
  return frames_of(segment, frames_before(segment, begin), frames_before(segment, end));
}

std::uint64_t LogWindow::frames_of(const Segment& segment, std::size_t begin, std::size_t end) {
  std::uint64_t frames = end - begin;
  if (!segment.has_empty_marks()) return frames;
  for (std::size_t i = std::max(begin, std::size_t{1}); i < end; ++i) {  // the first mark is never empty
    if (segment.mark(i).end == segment.mark(i - 1).end) --frames;
  }
  return frames;
}

template <typename Visit>
void LogWindow::visit_exclusions(std::uint64_t begin, std::uint64_t end, Visit visit) const {
  const Segment& segment = segment_at(begin);
  if (!segment.has_exclusions()) return;
  const std::size_t frames = frames_in(segment);
  for (std::size_t i = frames_before(segment, begin); i < frames; ++i) {
    const std::uint64_t frame_begin = segment.base() + (i == 0 ? 0 : segment.mark(i - 1).end);
    if (frame_begin >= end) return;
    const FrameMark& mark = segment.mark(i);
    if (mark.excluded == 0 || frame_begin < begin) continue;
    if (!visit(Exclusion{frame_begin, segment.base() + mark.end, mark.excluded})) return;
  }
}

void LogWindow::find_exclusions(std::uint64_t begin, std::uint64_t end, std::vector<Exclusion>& into) const {
  visit_exclusions(begin, end, [&](const Exclusion& exclusion) {
    into.push_back(exclusion);
    return true;
  });
}

std::uint64_t LogWindow::find_excluded(std::uint64_t begin, std::uint64_t end, std::uint64_t connection) const {
  std::uint64_t found = end;
  visit_exclusions(begin, end, [&](const Exclusion& exclusion) {
    if (exclusion.connection == connection) found = exclusion.begin;
    return found == end;
  });
  return found;
}

void LogWindow::drop_before(std::uint64_t position) {
  if (position == head_.position) {
    segments_.clear();
    replayed_ = 0;
    return;
  }
  std::size_t done = 0;
  while (done + 1 < segments_.size() && segments_[done + 1]->base() <= position) ++done;
  segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(done));
  replayed_ -= std::min(replayed_, done);
}

}  // namespace topic
