from __future__ import annotations

from django.contrib import admin

from board.models import Comment, Label, Membership, Project, Task


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "colour"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [MembershipInline]


@admin.register(Task)
class TaskAdmin(admin.ModelAdmin):
    list_display = ["title", "project", "status", "priority", "assignee", "due"]
    list_editable = ["status", "priority"]
    list_filter = ["project", "status", "priority", "labels"]
    search_fields = ["title", "description"]


@admin.register(Label)
class LabelAdmin(admin.ModelAdmin):
    list_display = ["name", "colour"]


@admin.register(Comment)
class CommentAdmin(admin.ModelAdmin):
    list_display = ["__str__", "task", "author", "created_at"]
    search_fields = ["body"]
