@echo off
rem Finds a Python that will do and hands everything to launch.py, which does the rest.
setlocal
chcp 65001 >nul
set "check=import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))"
set "found="
call :try py -3.13
call :try py -3.12
call :try py -3.11
call :try py -3.14
call :try python
call :try python3
if not defined found goto none

%found% "%~dp0launch.py" %*
set "code=%errorlevel%"
goto end

:none
echo Error: Sottovoce needs Python 3.11 to 3.14, and none was found.
echo Install one from the Microsoft Store or python.org, then start this again.
set "code=1"

:end
rem A double click opens this window: leave it open while there is something to read.
if not "%code%"=="0" if "%~1"=="" pause
exit /b %code%

:try
if defined found exit /b
call %* -c "%check%" >nul 2>nul
if not errorlevel 1 set "found=%*"
exit /b
